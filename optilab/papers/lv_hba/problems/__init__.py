"""Bilevel problems with coupling constraints: the kind itself, two toys, the choice of the weights of an SVM.

module     what
coupled    Coupled, Affine, QuadraticLevel; joint projections; counters
toys       a flat lower level, a lower level with an active inequality
svm        one weight for every training point of a support vector machine
"""
